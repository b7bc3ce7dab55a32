// Writes the CEL that the policies need again and again. Only what Kubernetes 1.30 knows.
import { TAG_PATTERN } from './floors.ts'

/** CEL string: a label of `object` or `oldObject`, empty where it has none. */
export function label(of: 'object' | 'oldObject', name: string): string {
  const has = `has(${of}.metadata.labels) && '${name}' in ${of}.metadata.labels ? ${of}.metadata.labels['${name}'] : ''`
  return of === 'object' ? `(${has})` : `(oldObject != null && ${has})`
}

/**
 * CEL bool: has this moment (a text) passed? CEL has no clock, but the API server puts its own time on what it is about to write: the
 * time of creation on what is new, the time of the last change of each manager on what is changed. An object that names no time is
 * taken as late.
 */
export function passed(moment: string): string {
  const now = `timestamp(${moment})`
  const created = `timestamp(object.metadata.creationTimestamp) >= ${now}`
  const changed = `!has(object.metadata.managedFields) || object.metadata.managedFields.size() == 0 || object.metadata.managedFields.exists(m, has(m.time) && timestamp(m.time) >= ${now})`
  return `(request.operation == 'CREATE' ? ${created} : (${changed}))`
}

/** CEL: the pod spec inside of a workload's spec. */
function podIn(spec: string): string {
  return `(has(${spec}.jobTemplate) ? ${spec}.jobTemplate.spec.template.spec : has(${spec}.template) ? ${spec}.template.spec : ${spec})`
}

/** CEL list of strings: images of containers and init containers. */
export function images(spec: string): string {
  const list = (field: string): string => `p.${field}.filter(c, has(c.image)).map(c, c.image)`
  return `[${podIn(spec)}].map(p, (has(p.containers) ? ${list('containers')} : []) + (has(p.initContainers) ? ${list('initContainers')} : []))[0]`
}

/** CEL bool: is it the number alone that is written? The field is missing where there is no subresource. */
export const IS_SCALE = `(has(request.subResource) && request.subResource == 'scale')`

/** CEL int: how many pods a workload wants; 1 where its kind has no number, 0 where it is suspended. */
export function wanted(spec: string): string {
  return `(has(${spec}.suspend) && ${spec}.suspend ? 0 : has(${spec}.replicas) ? int(${spec}.replicas) : (${IS_SCALE} ? 0 : 1))`
}

/** CEL bool: is image `i` of floor `f`'s repository and below it, or of no order at all? */
export function isBelow(i: string, f: string): string {
  const tag = `${i}.substring(${f}.repository.size() + 1)`
  const lower = 'n[0] < V[0] || (n[0] == V[0] && (n[1] < V[1] || (n[1] == V[1] && n[2] < V[2])))'.replaceAll(
    'V',
    `${f}.version`,
  )
  // No text is put together for the many floors of other repositories.
  return `${i}.startsWith(${f}.repository) && ${i}.substring(${f}.repository.size()).startsWith(':') && (!${tag}.matches('${TAG_PATTERN}') || [${tag}.findAll('[0-9]+', 3).map(s, int(s))].exists(n, ${lower}))`
}

/** CEL bool: is image `i` one of those that writers run? By tag or by digest. */
export function isWriterImage(i: string): string {
  return `params.spec.quiesced.repositories.exists(r, ${i}.startsWith(r + ':') || ${i}.startsWith(r + '@'))`
}
