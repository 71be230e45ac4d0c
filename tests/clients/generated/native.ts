// A job's whole life, by a client that was generated from the native contract.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { paths } from "./contract.js";
import { CREDENTIALS, URL_OF_SERVER, broken, talk, type Told } from "./talk.js";

const headers = { Authorization: `Bearer ${CREDENTIALS["jobToken"]}` };
const client = createClient<paths>({ baseUrl: URL_OF_SERVER, headers });

async function poll(id: string): Promise<Told> {
  const { data, response } = await client.GET("/jobs/{id}", { params: { path: { id } } });
  return { response, word: data?.status };
}

async function live(): Promise<object> {
  const made = await client.POST("/jobs", { body: { type: "generated" } });
  assert(made.data);
  const path = { id: made.data.id };
  const known = { "If-None-Match": made.response.headers.get("ETag")! };
  const seen = [
    made,
    await client.GET("/jobs/{id}", { params: { path, header: known } }),
    await client.PATCH("/jobs/{id}", { params: { path }, body: { status: "running", progress: 42.5 } }),
  ];
  const listed = await client.GET("/jobs", { params: { query: { status: ["running"], type: "generated" } } });
  const named = await client.GET("/jobs", { params: { query: { ids: [path.id] } } });
  assert.deepEqual([listed, named].map(({ data }) => typeof data === "object" && data.jobs.map(({ id }) => id)), [[path.id], [path.id]]);
  const cancelled = await client.POST("/jobs/{id}/cancel", { params: { path } });
  const ended = await client.PATCH("/jobs/{id}", { params: { path }, body: { status: "cancelled" } });
  const events = await client.GET("/jobs/{id}/events", { params: { path } });
  assert(typeof events.data === "object");
  assert.deepEqual(events.data.events.map(({ version }) => version), [1, 2, 3, 4]);
  const deleted = await client.DELETE("/jobs/{id}", { params: { path } });
  const gone = await client.GET("/jobs/{id}", { params: { path } });
  assert.equal(gone.error?.status, 410);
  const all = [...seen, listed, named, cancelled, ended, events, deleted, gone].map(({ response }) => response);
  return { statuses: all.map(({ status }) => status), broken: all.map(broken).filter(Boolean) };
}

await talk(poll, { live });
