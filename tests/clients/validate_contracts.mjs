// Has a parser that makes documentation validate each document, and prints what it finds, by the file's name.
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, ...files] = process.argv.slice(2);
const { resolve } = createRequire(`${modules}/`);
const { validate } = await import(pathToFileURL(resolve("@readme/openapi-parser")).href);
const found = await Promise.all(files.map(async (file) => [file, await validate(file)]));
console.log(JSON.stringify(Object.fromEntries(found)));
