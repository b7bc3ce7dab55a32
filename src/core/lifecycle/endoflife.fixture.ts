// The answer of endoflife.date's API v1 to `GET /products/{product}`, modelled for tests from its OpenAPI document (May 2026).

const day = { type: 'string', format: 'date' }
const orNull = (schema: object): object => ({ anyOf: [schema, { type: 'null' }] })
const text = { type: 'string' }

const RELEASE = {
  type: 'object',
  required: [
    'name',
    'codename',
    'label',
    'releaseDate',
    'isLts',
    'ltsFrom',
    'isEol',
    'eolFrom',
    'isMaintained',
    'latest',
  ],
  properties: {
    name: text,
    codename: orNull(text),
    label: text,
    releaseDate: day,
    isLts: { type: 'boolean' },
    ltsFrom: orNull(day),
    isEol: { type: 'boolean' },
    eolFrom: orNull(day),
    isMaintained: { type: 'boolean' },
    latest: orNull({
      type: 'object',
      required: ['name', 'date', 'link'],
      properties: { name: text, date: orNull(day), link: orNull({ type: 'string', format: 'uri' }) },
    }),
    custom: orNull({ type: 'object', additionalProperties: orNull(text) }),
  },
  additionalProperties: false,
}

export const ENDOFLIFE_SCHEMA = {
  type: 'object',
  required: ['schema_version', 'last_modified', 'result'],
  properties: {
    schema_version: text,
    last_modified: { type: 'string', format: 'date-time' },
    result: {
      type: 'object',
      required: ['name', 'label', 'aliases', 'category', 'tags', 'identifiers', 'labels', 'links', 'releases'],
      properties: {
        name: text,
        label: text,
        aliases: { type: 'array', items: text },
        category: text,
        tags: { type: 'array', minItems: 1, items: text },
        versionCommand: orNull(text),
        identifiers: { type: 'array' },
        labels: {
          type: 'object',
          required: ['eol'],
          properties: { eoas: orNull(text), discontinued: orNull(text), eol: text, eoes: orNull(text) },
          additionalProperties: false,
        },
        links: {
          type: 'object',
          required: ['html'],
          properties: {
            icon: orNull({ type: 'string', format: 'uri' }),
            html: { type: 'string', format: 'uri' },
            releasePolicy: orNull({ type: 'string', format: 'uri' }),
          },
          additionalProperties: false,
        },
        releases: { type: 'array', items: RELEASE },
      },
      additionalProperties: false,
    },
  },
  additionalProperties: false,
}
