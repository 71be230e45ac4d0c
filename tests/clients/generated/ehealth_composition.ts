// Jobs of compositions, by a client that was generated from that contract.
import createClient from "openapi-fetch";
import type { paths } from "./contract.js";
import { CREDENTIALS, URL_OF_SERVER, talk, type Told } from "./talk.js";

const headers = { Authorization: `Bearer ${CREDENTIALS["ehealthToken"]}`, "api-key": CREDENTIALS["ehealthApiKey"]! };
const client = createClient<paths>({ baseUrl: URL_OF_SERVER, headers });

async function poll(asyncJobId: string): Promise<Told> {
  const path = { asyncJobId };
  const { data, response } = await client.GET("/api/patients/composition/job/{asyncJobId}", { params: { path } });
  return { response, word: data?.data.status };
}

await talk(poll);
