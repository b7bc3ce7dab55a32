// Names of stored objects: relative, plain characters, no way out of the store.
import { PawlError } from '../errors.ts'

const SEGMENT = /^(?!\.{1,2}$|\.pawl-tmp$)[A-Za-z0-9._+=@,-]+$/

/** Throws `internal` for a name that no store may take; names are made by Pawl, never by a user. */
export function checkName(name: string): string {
  const ok = name.length <= 900 && name.split('/').every((segment) => SEGMENT.test(segment))
  if (!ok) throw new PawlError({ code: 'internal', message: `"${name}" is not a name for a stored object.` })
  return name
}
