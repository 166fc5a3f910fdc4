// Attempts that are repeated until the server can be reached.

const LONGEST_PAUSE_S = 30;

/**
 * Repeat `attempt` until it resolves to something other than null, after pauses of about 1, 2, 4, ... seconds: many
 * browsers that a server refuses at one moment shall not come back at one moment.
 *
 * @template T
 * @param {() => Promise<T | null>} attempt
 * @returns {Promise<T>}
 */
export async function retry(attempt) {
  for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE_S)) {
    const result = await attempt();
    if (result !== null) return result;
    await new Promise((resolve) => setTimeout(resolve, 1000 * pause * (0.75 + Math.random() / 2)));
  }
}
