output "endpoints" {
  description = "Ids, ARNs and URLs of each API, by key."
  value       = module.api_gateway.endpoints
}
