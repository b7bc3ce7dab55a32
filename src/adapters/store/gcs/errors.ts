// What Google Cloud Storage's answers mean for a store.
import { field, type Meaning, type Refusal } from '../answers.ts'

export function statusOf(error: unknown): number {
  for (const name of ['code', 'status']) {
    const value = Number(field(error, name))
    if (Number.isInteger(value) && value >= 100) return value
  }
  return 0
}

/** The reasons of the JSON API, for example `conditionNotMet`. https://cloud.google.com/storage/docs/json_api/v1/status-codes */
function reasons(error: unknown): string[] {
  const list = field(error, 'errors')
  const all: unknown[] = Array.isArray(list) ? list : []
  return all.map((entry) => field(entry, 'reason')).filter((reason) => typeof reason === 'string')
}

function why(error: unknown): string {
  const status = statusOf(error)
  const [code, word] = [field(error, 'code'), reasons(error)[0]]
  const name = word ?? (typeof code === 'string' && status === 0 ? code : 'refused')
  return status === 0 ? name : `${name}, HTTP ${status}`
}

const LOCKED = new Set(['retentionPolicyNotMet', 'objectUnderActiveHold', 'objectRetentionNotMet'])

function meaningOf(error: unknown): Meaning {
  const [status, named] = [statusOf(error), reasons(error)]
  const text = error instanceof Error ? error.message : ''
  if (status === 412) return 'taken'
  if (status === 404) return 'missing'
  if (status === 403) {
    if (named.some((reason) => LOCKED.has(reason)) || /retention|active hold/i.test(text)) return 'locked'
    if (named.includes('quotaExceeded') || named.includes('storageQuotaExceeded')) return 'full'
  }
  if (status === 507) return 'full'
  // Failed connections and missing credentials carry a system code or come from the SDK's own request.
  const service =
    status !== 0 ||
    typeof field(error, 'code') === 'string' ||
    field(error, 'config') !== undefined ||
    /could not load the default credentials|could not refresh access token|unable to detect a project/i.test(text)
  return service ? 'service' : 'not ours'
}

export function refusalOf(error: unknown): Refusal {
  return { meaning: meaningOf(error), why: why(error) }
}
