// Takes values out of what Helm prints: template and schema errors quote what they stumble on.
import { readFile } from 'node:fs/promises'
import { loadAll } from 'js-yaml'

const REDACTED = '[redacted]'
const SECRET_KEY = /pass|pwd|secret|token|key|cred|auth|cert|private|licen[cs]e|dsn|conn|url|uri|salt|account/i
/** Shorter values would blacken ordinary words. */
const SHORTEST = 4
/** Any value this long is taken out, whatever its key is called, unless it is an ordinary word or name. */
const LONG = 24
const LONGEST_MESSAGE = 4_000

/** Every text in the files that must not be repeated. */
export async function secretsIn(paths: string[]): Promise<string[]> {
  const found = new Set<string>()
  for (const path of paths) {
    const text = await readFile(path, 'utf8')
    try {
      for (const document of loadAll(text)) collect(document, false, found)
    } catch {
      // Helm's parser may read what ours does not: then everything that stands where a value may stand is one.
      for (const [, value = ''] of text.matchAll(/[:,[{-][ \t]*["']?([^\s"'{}[\],:][^\n"'{}[\],]*)/g)) {
        collect(value.trim(), true, found)
      }
    }
  }
  return [...found].toSorted((one, other) => other.length - one.length)
}

function collect(value: unknown, secret: boolean, found: Set<string>): void {
  if (Array.isArray(value)) {
    for (const item of value) collect(item, secret, found)
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, child] of Object.entries(value)) collect(child, secret || SECRET_KEY.test(key), found)
  } else if (typeof value === 'string' || typeof value === 'number') {
    const text = String(value)
    if (secret ? text.length >= SHORTEST : text.length >= LONG && !/^[a-z][a-z .,/:_-]*$/i.test(text))
      addForms(text, found)
  }
}

function addForms(text: string, found: Set<string>): void {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.length >= SHORTEST)
  for (const form of [text, ...lines]) {
    found.add(form)
    found.add(Buffer.from(form).toString('base64'))
    found.add(JSON.stringify(form).slice(1, -1))
  }
}

export function redact(text: string, secrets: string[]): string {
  let result = text
  for (const secret of secrets) result = result.replaceAll(secret, REDACTED)
  // Credentials in addresses, and Go's way of printing whole maps of values.
  result = result
    .replaceAll(/(\w+:\/\/)[^\s/@]+@/g, `$1${REDACTED}@`)
    .replaceAll(/\bmap\[[^\n]*\]/g, `map[${REDACTED}]`)
  return result.length > LONGEST_MESSAGE ? `${result.slice(0, LONGEST_MESSAGE)} ...` : result
}
