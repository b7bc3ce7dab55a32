// Reading a rendered manifest that was already parsed into objects.
import { recordOf, textOf, valueAt } from '../../core/json.ts'

/** Names of all objects of one kind. */
export function namesInManifest(objects: readonly unknown[], kind: string): Set<string> {
  const names = objects
    .filter((object) => recordOf(object)['kind'] === kind)
    .map((object) => textOf(valueAt(object, 'metadata.name')))
    .filter((name) => name !== undefined)
  return new Set(names)
}
