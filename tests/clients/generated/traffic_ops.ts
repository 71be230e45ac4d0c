// Jobs of Traffic Ops, by a client that was generated from that contract.
import createClient from "openapi-fetch";
import type { paths } from "./contract.js";
import { CREDENTIALS, URL_OF_SERVER, broken, talk, type Told } from "./talk.js";

const client = createClient<paths>({ baseUrl: URL_OF_SERVER });
const version = "4.1" as const;

async function poll(id: string): Promise<Told> {
  const { data, response } = await client.GET("/api/{version}/async_status/{id}", { params: { path: { version, id } } });
  return { response, word: data?.response.status };
}

// Begins a session. Node's fetch keeps no cookies.
async function login(): Promise<object> {
  const body = { t: CREDENTIALS["token"]! };
  const { response } = await client.POST("/api/{version}/user/login/token", { params: { path: { version } }, body });
  const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(";")[0]);
  client.use({
    onRequest({ request }) {
      request.headers.set("Cookie", cookies.join("; "));
    },
  });
  return { status: response.status, broken: broken(response) };
}

async function begin(): Promise<object> {
  const { response } = await client.POST("/api/{version}/acme_autorenew", { params: { path: { version } } });
  return { id: response.headers.get("Location")!.split("/").at(-1), broken: broken(response) };
}

await talk(poll, { login, begin });
