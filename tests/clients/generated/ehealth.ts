// Jobs of eHealth, by a client that was generated from that contract.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { paths } from "./contract.js";
import { CREDENTIALS, URL_OF_SERVER, broken, talk, type Told } from "./talk.js";

const headers = { Authorization: `Bearer ${CREDENTIALS["ehealthToken"]}` };
const client = createClient<paths>({ baseUrl: URL_OF_SERVER, headers });

const PERIOD = { start: "2031-03-04T05:06:07Z", end: "2031-03-04T06:06:07Z" };

async function poll(id: string): Promise<Told> {
  const answer = await client.GET("/api/jobs/{id}", { params: { path: { id } } });
  // To the generator a 303 is an error.
  const told = (answer.data ?? answer.error) as { data?: { status: string } };
  return { response: answer.response, word: told.data?.status };
}

async function begin(): Promise<object> {
  const { data, response } = await client.POST("/api/patients/{patient_id}/encounter_package", {
    params: { path: { patient_id: "7c3da506-804d-4550-8993-bf17f9ee0403" } },
    body: { visit: { id: "90a9e15b-b71b-4caf-8f2e-ff247e8a5601", period: PERIOD }, signed_data: "ew0KfX==" },
  });
  assert(data);
  return { id: data.data.links[0]!.href.split("/").at(-1), broken: broken(response) };
}

await talk(poll, { begin });
