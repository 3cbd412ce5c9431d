/** Where everything comes from: a server's routes, or what the document carries in itself. */

import { decode } from "./records.js";

const ROUTES = new URL("../", import.meta.url);

/** The source of this document's data: `runs`, `looks`, `probes`, `maps`, `checks`, all asynchronous. */
export function createSource() {
  const carried = document.getElementById("saliency-data");
  return carried ? carriedSource(JSON.parse(carried.textContent)) : servedSource();
}

function servedSource() {
  return {
    growing: true,
    runs: () => json("runs", {}),
    looks: (run, method, after, limit) =>
      json("looks", { run, method, limit, ...(after === undefined ? {} : { after }) }),
    probes: async (run) => decode(await bytes("probes", { run })),
    maps: async (run, method, step) => decode(await bytes("maps", { run, method, step })),
    checks: (run) => json("checks", { run }),
  };
}

function carriedSource(carried) {
  const found = (table, ...parts) => {
    const value = carried[table]?.[parts.join("\u0000")];
    if (value === undefined) throw new Error(`This page carries no ${table} of ${parts.join(", ")}.`);
    return value;
  };
  return {
    growing: false,
    runs: async () => carried.runs,
    looks: async (run, method) => found("looks", run, method),
    probes: async (run) => decode(unpacked(found("probes", run))),
    maps: async (run, method, step) => decode(unpacked(found("maps", run, method, step))),
    checks: async (run) => carried.checks?.[run] ?? { checks: [] },
  };
}

function unpacked(base64) {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

async function json(route, parameters) {
  return (await fetched(route, parameters)).json();
}

async function bytes(route, parameters) {
  return (await fetched(route, parameters)).arrayBuffer();
}

async function fetched(route, parameters) {
  const address = new URL(route, ROUTES);
  for (const [name, value] of Object.entries(parameters)) address.searchParams.set(name, value);
  let response;
  try {
    response = await fetch(address);
  } catch {
    throw new Offline("The server does not answer.");
  }
  if (!response.ok) throw new Error(await sentence(response));
  return response;
}

async function sentence(response) {
  try {
    return (await response.json()).error;
  } catch {
    return `The server answered with error ${response.status}.`;
  }
}

/** No answer at all: worth asking again. */
export class Offline extends Error {}
