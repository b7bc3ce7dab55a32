// Reads settings from the environment: a missing one is an error that names it, never a silent empty string.

/** @throws when the variable is missing or empty. */
export function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name]
  if (value === undefined || value === '') throw new Error(`environment variable ${name} is not set`)
  return value
}

/** @throws when the variable is set and is no number >= 0. */
export function numberOr(env: NodeJS.ProcessEnv, name: string, fallback: number): number {
  const text = env[name]
  if (text === undefined || text === '') return fallback
  const value = Number(text)
  if (!Number.isFinite(value) || value < 0) throw new Error(`environment variable ${name} is no number: ${text}`)
  return value
}

export function isOn(env: NodeJS.ProcessEnv, name: string): boolean {
  return env[name] === 'true'
}
