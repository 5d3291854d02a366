// What a key may do, a group a room of the console.

export const GROUPS = {
  agents: ["voice:agents:read", "voice:agents:write"],
  campaigns: ["voice:campaigns:read", "voice:campaigns:write"],
  contacts: ["voice:contacts:read", "voice:contacts:write"],
  calls: ["voice:calls:read", "voice:calls:write", "voice:calls:listen"],
  webhooks: ["voice:webhooks:read", "voice:webhooks:write"],
  models: ["voice:models:read", "voice:models:write"],
  integrations: ["voice:integrations:read", "voice:integrations:write"],
  keys: ["voice:keys:write"],
};
export const SCOPES = Object.values(GROUPS).flat();
export const READING = SCOPES.filter((scope) => scope.endsWith(":read"));
