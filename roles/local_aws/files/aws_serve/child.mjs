// Runs a Node.js handler: node child.mjs LAYER...; see child.py, which does the same.
import { createRequire } from 'node:module'
import { existsSync } from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const link = new net.Socket({ fd: Number(process.env._SITE_BUILDER_SOCKET) })
delete process.env._SITE_BUILDER_SOCKET

function send (message) {
  const text = Buffer.from(JSON.stringify(message))
  const size = Buffer.alloc(4)
  size.writeUInt32BE(text.length)
  link.write(Buffer.concat([size, text]))
}

function failure (error, request = '') {
  const known = error instanceof Error
  return { errorType: known ? error.name : typeof error, errorMessage: known ? error.message : String(error), requestId: request, trace: known ? String(error.stack).split('\n') : [] }
}

function contextOf (facts) {
  return {
    awsRequestId: facts.aws_request_id,
    invokedFunctionArn: facts.invoked_function_arn,
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, facts.deadline - Date.now())
  }
}

async function load () {
  const [, place, name] = process.env._HANDLER.match(/^(.*)\.([^.]+)$/)
  const base = path.resolve(process.env.LAMBDA_TASK_ROOT, place)
  const file = ['.js', '.mjs', '.cjs'].map(ending => base + ending).find(existsSync)
  if (!file) throw Object.assign(new Error(`Cannot find module '${place}'`), { name: 'Runtime.ImportModuleError' })
  const loaded = file.endsWith('.cjs') ? createRequire(import.meta.url)(file) : await import(pathToFileURL(file))
  const handler = loaded[name] ?? loaded.default?.[name]
  if (typeof handler !== 'function') throw Object.assign(new Error(`${process.env._HANDLER} is undefined or not exported`), { name: 'Runtime.HandlerNotFound' })
  return handler
}

// A handler returns a promise or calls the callback.
function run (handler, event, context) {
  return new Promise((resolve, reject) => {
    const said = handler(event, context, (error, result) => error ? reject(error) : resolve(result))
    if (said instanceof Promise) said.then(resolve, reject)
  })
}

let handler
try {
  handler = await load()
  send({ ready: true })
} catch (error) {
  console.error(error)
  send({ failed: failure(error) })
  link.end()
}

let got = Buffer.alloc(0)
link.on('data', async chunk => {
  got = Buffer.concat([got, chunk])
  if (got.length < 4 || got.length < 4 + got.readUInt32BE()) return
  const told = JSON.parse(got.subarray(4, 4 + got.readUInt32BE()))
  got = Buffer.alloc(0)
  try {
    const result = await run(handler, JSON.parse(told.event || 'null'), contextOf(told.context))
    send({ result: JSON.stringify(result) ?? 'null' })
  } catch (error) {
    console.error(error)
    send({ failed: failure(error, told.context.aws_request_id) })
  }
})
link.on('close', () => process.exit(0))
