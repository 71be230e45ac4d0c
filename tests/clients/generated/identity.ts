// A login at the identity service, by a client that was generated from that contract.
import createClient from "openapi-fetch";
import type { paths } from "./contract.js";
import { CREDENTIALS, PROJECT, URL_OF_SERVER, broken, talk, type Told } from "./talk.js";

const client = createClient<paths>({ baseUrl: URL_OF_SERVER });

// Logs in; the word is whether a token came.
async function poll(password: string): Promise<Told> {
  const user = { name: CREDENTIALS["user"]!, password, domain: { name: "Default" } };
  const identity = { methods: ["password" as const], password: { user } };
  const { data, response } = await client.POST("/v3/auth/tokens", {
    body: { auth: { identity, scope: { project: { id: PROJECT } } } },
  });
  return { response, word: data && response.headers.has("X-Subject-Token") ? "token" : undefined };
}

// Looks at the version first, as clients do.
async function version(): Promise<object> {
  const { response } = await client.GET("/v3");
  return { status: response.status, broken: broken(response) };
}

await talk(poll, { version });
