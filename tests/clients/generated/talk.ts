// What every script here does: it polls for each job whose id it reads, and prints what it was told, line by line.
import { createInterface } from "node:readline";

export const URL_OF_SERVER: string = process.env["URL"]!;
export const CREDENTIALS: Record<string, string> = JSON.parse(process.env["CREDENTIALS"]!);
export const PROJECT: string = process.env["PROJECT"]!;

export type Told = { response: Response; word: string | undefined };

// What the proxy found wrong, in the request or in the answer.
export function broken(response: Response): string | null {
  return response.headers.get("sl-violations");
}

// Polls for what is asked; others are done when they are named in the place of an id.
export async function talk(
  poll: (id: string) => Promise<Told>,
  others: Record<string, () => Promise<object>> = {},
): Promise<void> {
  for await (const asked of createInterface({ input: process.stdin })) {
    const other = others[asked];
    console.log(JSON.stringify(other ? await other() : shown(await poll(asked))));
  }
}

function shown({ response, word }: Told): object {
  return { status: response.status, word: word ?? null, broken: broken(response) };
}
