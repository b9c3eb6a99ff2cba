output "endpoints" {
  description = "Ids, ARNs and URLs of each API, by key."
  value       = module.environment.endpoints
}
