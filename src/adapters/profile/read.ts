// A profile from a file that somebody wrote: YAML or JSON, checked for its form and then for what its CEL can do.
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { lintProfile } from '../../core/profile/lint.ts'
import type { Finding, ReadProfile } from '../../core/profile/lint.ts'
import { profileSchema } from './schema.ts'

/** Throws nothing: what is no YAML is a finding like any other. */
export function readProfile(content: string): ReadProfile {
  const document = parseDocument(content, { uniqueKeys: true })
  if (document.errors.length > 0) return { findings: document.errors.map(notYaml) }
  let value: unknown
  try {
    value = document.toJS()
  } catch (error) {
    // Aliases that lead nowhere, or to more than anybody would write.
    return { findings: [notYaml(error)] }
  }
  const result = profileSchema.safeParse(value)
  if (!result.success) return { findings: result.error.issues.flatMap(findingsOf) }
  return { profile: result.data, findings: lintProfile(result.data) }
}

function notYaml(error: unknown): Finding {
  const message = error instanceof Error ? error.message : String(error)
  return { field: '', problem: `this is no YAML: ${message.split('\n')[0]}` }
}

function findingsOf(issue: z.core.$ZodIssue): Finding[] {
  const field = issue.path
    .map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`))
    .join('')
  if (issue.code === 'unrecognized_keys')
    return issue.keys.map((key) => ({ field: field === '' ? key : `${field}.${key}`, problem: 'unknown field' }))
  const missing = issue.code === 'invalid_type' && issue.message.endsWith('received undefined')
  return [{ field, problem: missing ? 'is missing' : issue.message }]
}

/** The published schema, as an editor reads it. */
export function profileJsonSchema(): unknown {
  return z.toJSONSchema(profileSchema, { io: 'input' })
}
