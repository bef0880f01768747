// The Runtime API client of Node functions, in the manner of AWS's own, whose package needs a compiler to install.
//
// https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html, .../nodejs-handler.html, .../nodejs-logging.html

import { existsSync, readFileSync } from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { format, inspect } from "node:util";

const API = "/2018-06-01/runtime";
const [host, port] = process.env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const root = process.env.LAMBDA_TASK_ROOT;
const json = process.env.AWS_LAMBDA_LOG_FORMAT === "JSON";
const LEVELS = { trace: "TRACE", debug: "DEBUG", info: "INFO", log: "INFO", warn: "WARN", error: "ERROR" };

let current; // the request id of the invocation that runs
let finish; // ends it, once

function call(method, path, body, headers = {}) {
  return new Promise((done, failed) => {
    const request = http.request({ host, port, method, path: API + path, agent, headers }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => done({ headers: response.headers, body: Buffer.concat(chunks) }));
    });
    request.on("error", failed);
    request.end(body);
  });
}

class RuntimeError extends Error {
  constructor(type, message) {
    super(message);
    this.name = `Runtime.${type}`;
  }
}

function account(error) {
  if (!(error instanceof Error)) return { errorType: typeof error, errorMessage: format("%s", error), trace: [] };
  const trace = (error.stack ?? "").split("\n");
  return { errorType: error.name, errorMessage: error.message, trace };
}

for (const [name, level] of Object.entries(LEVELS)) {
  console[name] = (...said) => {
    const timestamp = new Date().toISOString();
    if (!json) return process.stdout.write(`${[timestamp, current, level, format(...said)].join("\t").replaceAll("\n", "\r")}\n`);
    const [first] = said;
    const message = said.length === 1 && first !== null && typeof first === "object" && !(first instanceof Error) ? first : format(...said);
    process.stdout.write(`${JSON.stringify({ timestamp, level, requestId: current, message })}\n`);
  };
}

/** Whether a file is an ES module: by its name, or by the package that it is in. */
function isModule(file) {
  if (!file.endsWith(".js")) return file.endsWith(".mjs");
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const about = join(folder, "package.json");
    if (existsSync(about)) return JSON.parse(readFileSync(about, "utf8")).type === "module";
    if (folder === root || folder === dirname(folder)) return false;
  }
}

async function load(handler) {
  const found = /^(.*?)([^/.]+)\.([^/]+)$/.exec(handler);
  if (!found) throw new RuntimeError("MalformedHandlerName", `Bad handler '${handler}'`);
  const [, folder, name, exported] = found;
  const path = resolve(root, folder, name);
  const file = [".js", ".mjs", ".cjs"].map((ending) => path + ending).find(existsSync);
  let module;
  try {
    if (file && isModule(file)) module = await import(pathToFileURL(file));
    else module = createRequire(join(root, "package.json"))(file ?? (folder.startsWith(".") ? path : join(folder, name)));
  } catch (error) {
    const missing = ["MODULE_NOT_FOUND", "ERR_MODULE_NOT_FOUND"].includes(error?.code);
    if (missing) throw Object.assign(new RuntimeError("ImportModuleError", `Error: ${error.message}`), { stack: error.stack });
    if (error instanceof SyntaxError) throw Object.assign(new RuntimeError("UserCodeSyntaxError", `SyntaxError: ${error.message}`), { stack: error.stack });
    throw error;
  }
  const parts = exported.split(".");
  const of = (from) => parts.reduce((value, part) => value?.[part], from);
  const chosen = of(module) ?? of(module.default);
  if (chosen === undefined) throw new RuntimeError("HandlerNotFound", `${handler} is undefined or not exported`);
  if (typeof chosen !== "function") throw new RuntimeError("HandlerNotFound", `${handler} is not a function`);
  return chosen;
}

/** Call the handler; returns what it answers by its promise, its callback, or an empty event loop. */
function run(handler, event, context) {
  return new Promise((done, failed) => {
    let answer; // of a callback, which waits for the event loop to be empty
    const idle = () => (answer ?? (() => done(null)))();
    finish = (settle) => {
      process.removeListener("beforeExit", idle);
      finish = undefined;
      settle();
    };
    const callback = (error, value) => {
      answer ??= () => finish?.(() => (error ? failed(error) : done(value)));
      if (!context.callbackWaitsForEmptyEventLoop) answer();
    };
    context.done = callback;
    context.succeed = (value) => callback(null, value);
    context.fail = (error) => callback(error ?? new Error("fail"));
    process.once("beforeExit", idle);
    let result;
    try {
      result = handler(event, context, callback);
    } catch (error) {
      finish(() => failed(error));
      return;
    }
    if (typeof result?.then === "function") result.then((value) => finish?.(() => done(value)), (error) => finish?.(() => failed(error)));
  });
}

function contextOf(headers) {
  const deadline = Number(headers["lambda-runtime-deadline-ms"]);
  const given = (name) => (headers[name] ? JSON.parse(headers[name]) : undefined);
  return {
    awsRequestId: headers["lambda-runtime-aws-request-id"],
    callbackWaitsForEmptyEventLoop: true,
    clientContext: given("lambda-runtime-client-context"),
    functionName: process.env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: process.env.AWS_LAMBDA_FUNCTION_VERSION,
    getRemainingTimeInMillis: () => deadline - Date.now(),
    identity: given("lambda-runtime-cognito-identity"),
    invokedFunctionArn: headers["lambda-runtime-invoked-function-arn"],
    logGroupName: process.env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: process.env.AWS_LAMBDA_LOG_STREAM_NAME,
    memoryLimitInMB: process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
  };
}

/** What nobody caught ends the process, as it does on Lambda. */
async function end(type, reason) {
  const error = { ...account(reason), errorType: type, reason: undefined };
  if (type === "Runtime.UnhandledPromiseRejection") error.errorMessage = `${reason?.name ?? ""}${reason?.name ? ": " : ""}${reason?.message ?? inspect(reason)}`;
  else error.errorType = account(reason).errorType;
  console.error(type === "Runtime.UnhandledPromiseRejection" ? "Unhandled Promise Rejection" : "Uncaught Exception", JSON.stringify(error));
  await call("POST", current ? `/invocation/${current}/error` : "/init/error", JSON.stringify(error));
  process.exit(128);
}
process.on("uncaughtException", (error) => end("Runtime.UncaughtException", error));
process.on("unhandledRejection", (reason) => end("Runtime.UnhandledPromiseRejection", reason));

let handler;
try {
  handler = await load(process.env._HANDLER);
} catch (error) {
  console.error("Uncaught Exception", JSON.stringify(account(error)));
  await call("POST", "/init/error", JSON.stringify(account(error)));
  process.exit(1);
}
for (;;) {
  const { headers, body } = await call("GET", "/invocation/next");
  current = headers["lambda-runtime-aws-request-id"];
  process.env._X_AMZN_TRACE_ID = headers["lambda-runtime-trace-id"] ?? "";
  let path = "response";
  let answer;
  try {
    answer = JSON.stringify(await run(handler, JSON.parse(body), contextOf(headers))) ?? "null";
  } catch (error) {
    console.error("Invoke Error", JSON.stringify(account(error)));
    path = "error";
    answer = JSON.stringify(account(error));
  }
  await call("POST", `/invocation/${current}/${path}`, answer, { "Content-Type": "application/json" });
}
