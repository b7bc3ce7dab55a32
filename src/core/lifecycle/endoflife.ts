// The lifecycle in the shape of endoflife.date's API, version 1 (`GET /products/{product}`, schema_version 1.x).
import { PawlError } from '../errors.ts'
import type { JsonRecord } from '../json.ts'
import type { Cycle } from './cycles.ts'
import type { Day } from './dates.ts'

const SCHEMA_VERSION = '1.2.0'

/** Newest first, as there. Throws `unknown-state`: the format has no way to say that a state is not known. */
export function endOfLife(product: { name: string; title: string }, cycles: readonly Cycle[], asOf: Day): JsonRecord {
  const unknown = cycles.find(({ support }) => support.state === 'unknown')
  if (unknown !== undefined) {
    throw new PawlError({
      code: 'unknown-state',
      message: `whether ${unknown.name} is still supported is not known: ${unknown.support.why ?? 'no reason is given'}`,
      unchanged: 'Nothing was written.',
      hint: 'Set the clock of this machine right; "pawl lifecycle --export openeox" needs none.',
    })
  }
  return {
    schema_version: SCHEMA_VERSION,
    last_modified: `${asOf}T00:00:00+00:00`,
    result: {
      name: product.name,
      label: product.title,
      aliases: [],
      category: 'server-app',
      tags: ['server-app'],
      versionCommand: `pawl status ${product.name}`,
      identifiers: [],
      labels: { eoas: null, discontinued: null, eol: 'Support', eoes: null },
      links: { icon: null, html: `https://endoflife.date/${product.name}`, releasePolicy: null },
      releases: cycles.toReversed().map(releaseOf),
    },
  }
}

/** There, the day of `eolFrom` itself is not over yet, too. */
function releaseOf({ name, released, until, support, latest }: Cycle): JsonRecord {
  const ended = support.state === 'ended'
  return {
    name,
    codename: null,
    label: name,
    releaseDate: released,
    isLts: false,
    ltsFrom: null,
    isEol: ended,
    eolFrom: until,
    isMaintained: !ended,
    latest: { name: latest.version, date: latest.published ?? released, link: null },
    custom: latest.chartVersion === undefined ? null : { chartVersion: latest.chartVersion },
  }
}
