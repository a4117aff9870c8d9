/** A hash in Redis: the store of each deployment by its id. Whoever shares the Redis is in it. */
export const register = "parvis:deployments";

/** What the keys of a deployment begin with: no other one ever looks there. */
export function prefixOf(deployment: string): string {
  return `parvis-${deployment}`;
}

/** Whether this may be the id of a deployment. */
export function isDeploymentId(typed: string): boolean {
  return /^[0-9a-f]{16}$/.test(typed);
}
