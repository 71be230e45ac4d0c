// Jobs of IMS, by a client that was generated from that contract.
import createClient from "openapi-fetch";
import type { paths } from "./contract.js";
import { CREDENTIALS, PROJECT, URL_OF_SERVER, talk, type Told } from "./talk.js";

const client = createClient<paths>({ baseUrl: URL_OF_SERVER, headers: { "X-Auth-Token": CREDENTIALS["imsToken"]! } });

async function poll(job_id: string): Promise<Told> {
  const path = { project_id: PROJECT, job_id };
  const { data, response } = await client.GET("/v1/{project_id}/jobs/{job_id}", { params: { path } });
  return { response, word: data?.status };
}

await talk(poll);
