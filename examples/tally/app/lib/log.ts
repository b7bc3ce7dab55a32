// One line per event on stdout; what must not be overlooked goes to stderr.

export function log(message: string): void {
  console.log(`${new Date().toISOString()} ${message}`)
}

export function shout(message: string): void {
  console.error(`${new Date().toISOString()} ERROR ${message}`)
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message || error.name : String(error)
}
