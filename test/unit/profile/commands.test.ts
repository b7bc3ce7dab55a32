// pawl profile: what the commands answer, print and end with.
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import { describe, expect, test } from 'vitest'
import { readProfile } from '../../../src/adapters/profile/read.ts'
import { profileExplain } from '../../../src/apps/cli/commands/profile-explain.run.ts'
import { profileLint, profileList, profileShow } from '../../../src/apps/cli/commands/profile.run.ts'
import type { Options } from '../../../src/apps/cli/define.ts'
import type { Session } from '../../../src/apps/cli/session.ts'
import { isPawlError } from '../../../src/core/errors.ts'
import { PROFILES } from '../../../src/profiles/index.ts'
import { NAMESPACE, seedData, world } from '../preflight/world.ts'
import type { World } from '../preflight/world.ts'

const REFERENCE = readFileSync(new URL('../../../docs/reference/profile.md', import.meta.url), 'utf8')
const SHOP = /```yaml\n([^]*?)```/.exec(REFERENCE)?.[1] ?? ''

interface Printed {
  code: number
  text: string
}

type Run = (session: Session, args: string[], options: Options) => Promise<number>

/** Only the doors that these commands open. */
async function run(
  command: Run,
  args: string[],
  given: { json?: true; files?: Record<string, string>; here?: World; options?: Options } = {},
): Promise<Printed> {
  const { here = world(), files = {}, options = {} } = given
  let text = ''
  const doors = {
    profiles: PROFILES,
    readFile: (path: string) => Promise.resolve(Buffer.from(files[path] ?? '')),
    readProfile: (content: string) => Promise.resolve(readProfile(content)),
    yamlParser: () => Promise.resolve((content: string) => [parse(content) as unknown]),
    cluster: () => Promise.resolve(here.cluster),
    records: () => Promise.resolve(here.deps.records),
    parseYaml: here.deps.parseYaml,
    charts: () => Promise.resolve(here.deps.charts),
    chartValues: here.deps.chartValues,
  }
  const session = {
    global: { output: given.json === true ? 'json' : 'text', yes: false, namespace: NAMESPACE },
    doors,
    terminal: { write: (more: string) => (text += more), colour: false },
    stop: new AbortController().signal,
  } as unknown as Session
  const code = await command(session, args, options)
  return { code, text }
}

async function codeOf(command: Run, args: string[], given?: Parameters<typeof run>[2]): Promise<string> {
  try {
    return `exit ${(await run(command, args, given)).code}`
  } catch (error) {
    if (isPawlError(error)) return error.code
    throw error
  }
}

test('list names every profile, for people and for programs', async () => {
  const { text } = await run(profileList, [])
  for (const { name, title } of PROFILES) expect([text.includes(name), text.includes(title)]).toEqual([true, true])
  const rows = JSON.parse((await run(profileList, [], { json: true })).text) as { name: string }[]
  expect(rows.map(({ name }) => name)).toEqual(PROFILES.map(({ name }) => name))
})

test('show gives the whole profile as JSON, and every trap by name as text', async () => {
  for (const profile of PROFILES) {
    expect(JSON.parse((await run(profileShow, [profile.name], { json: true })).text)).toEqual(profile)
    const { text } = await run(profileShow, [profile.name])
    for (const { name } of profile.traps ?? []) expect(text).toContain(`trap-${name}`)
    for (const { role } of profile.databases) expect(text).toContain(role)
  }
})

test('the example of the reference page is a sound profile', async () => {
  const files = { './shop.yaml': SHOP }
  expect(await run(profileLint, ['./shop.yaml'], { files })).toEqual({
    code: 0,
    text: '✔ ./shop.yaml is a sound profile\n',
  })
  expect(await codeOf(profileShow, ['./shop.yaml'], { files })).toBe('exit 0')
})

describe('lint', () => {
  test.each([
    ['no YAML', 'a: [', '', 'no YAML'],
    ['two keys of one name', 'name: a\nname: b', '', 'no YAML'],
    ['a missing field', SHOP.replace('title: Shop', ''), 'title', 'is missing'],
    ['a field that is unknown', `${SHOP}\ncolour: red`, 'colour', 'unknown field'],
    [
      'an unknown field deep inside',
      SHOP.replace('role: orders', 'role: orders\n    size: 1'),
      'databases[0].size',
      'unknown field',
    ],
    ['a role that cannot be a name', SHOP.replace('role: orders', 'role: Orders!'), 'databases[0].role', 'match'],
    ['an unknown weight', SHOP.replace('weight: mandatory', 'weight: heavy'), 'traps[0].weight', 'expected one of'],
    ['CEL that is none', SHOP.replace("'true'", "'true &&'"), 'databases.orders.when', 'no CEL'],
    ['an unknown name', SHOP.replace("'true'", 'vals.x'), 'databases.orders.when', '"vals"'],
    [
      'a result of the wrong kind',
      SHOP.replace("int(text(at(values, 'database.port')))", "text(at(values, 'database.port'))"),
      'databases.orders.port',
      'a number',
    ],
  ])('%s is found, by its place', async (_, content, field, problem) => {
    const { code, text } = await run(profileLint, ['./shop.yaml'], { json: true, files: { './shop.yaml': content } })
    expect(code).toBe(65)
    const { sound, findings } = JSON.parse(text) as { sound: boolean; findings: { field: string; problem: string }[] }
    expect(sound).toBe(false)
    expect(findings.find((finding) => finding.field === field)?.problem).toContain(problem)
  })

  test('a built-in profile is linted by its name; a name nobody knows is refused', async () => {
    expect(await codeOf(profileLint, ['carto'])).toBe('exit 0')
    expect(await codeOf(profileLint, ['shop'])).toBe('product-unknown')
    expect(await codeOf(profileLint, [])).toBe('usage')
  })

  test('an unsound profile is neither shown nor explained', async () => {
    const files = { './shop.yaml': 'name: shop' }
    expect(await codeOf(profileShow, ['./shop.yaml'], { files })).toBe('input-invalid')
    expect(await codeOf(profileExplain, ['./shop.yaml'], { files, options: { chart: '1.0.0' } })).toBe('input-invalid')
  })
})

interface Explained {
  databases: {
    role: string
    when: { value: unknown }
    fields: { field: string; value?: unknown; unknown?: string }[]
  }[]
  traps: { looked: number; findings: { name: string }[] }
  live?: { role: string; differences: string[]; target: { database: string } }[]
}

async function explained(args: string[], given: Parameters<typeof run>[2]): Promise<Explained> {
  return JSON.parse((await run(profileExplain, args, { ...given, json: true })).text) as Explained
}

describe('explain', () => {
  const values = {
    './values.yaml':
      'appConfigValues: {aiFeaturesEnabled: true}\nexternalPostgresql: {host: db, port: 5432, user: u, database: d, llmProxyDatabaseName: llm}',
  }

  test('by values: which databases, by which expression, and which traps', async () => {
    const options = { chart: '1.228.1', from: '1.208.2', values: ['./values.yaml'] }
    const found = await explained(['carto'], { files: values, options })
    expect(found.databases.map(({ role, when }) => [role, when.value])).toEqual([
      ['metadata', true],
      ['aiproxy', true],
      ['accounts', false],
    ])
    const [metadata, aiproxy, accounts] = found.databases
    expect(metadata?.fields).toContainEqual(expect.objectContaining({ field: 'databases.metadata.host', value: 'db' }))
    // Renamed with that chart: the old key counts no more, and the new one is not among the values.
    expect(aiproxy?.fields).toContainEqual(expect.objectContaining({ field: 'databases.aiproxy.database', value: '' }))
    expect(accounts?.fields).toEqual([])
    expect(found.traps.findings.map(({ name }) => name)).toContain('aiproxy-renamed')
  })

  test('as text, with every value beside what gave it', async () => {
    const { text } = await run(profileExplain, ['carto'], {
      files: values,
      options: { chart: '1.208.2', values: ['./values.yaml'] },
    })
    expect(text).toContain('✔ aiproxy  is part of this installation')
    expect(text).toContain('· accounts  is not part of this installation')
    expect(text).toMatch(/database +llm\n +=.*llmProxyDatabaseName/)
  })

  test("with the charts at hand the chart's own defaults count", async () => {
    const found = await explained(['tally'], { options: { chart: '1.52.2', charts: './charts' } })
    expect(found.databases[0]?.fields).toContainEqual(
      expect.objectContaining({ field: 'databases.ledger.database', value: 'tally' }),
    )
  })

  test('by the release in the cluster: what it is told is held against the values', async () => {
    const here = world()
    const agreed = await explained(['tally'], { here, options: { release: 'prod' } })
    expect(agreed.live).toMatchObject([{ role: 'ledger', differences: [], target: { database: 'tally' } }])
    seedData(here.cluster, 'ConfigMap', 'prod-tally-ledger-api', {
      LEDGER_POSTGRES_HOST: 'prod-postgresql',
      LEDGER_POSTGRES_PORT: '5432',
      LEDGER_POSTGRES_DB: 'books',
      LEDGER_POSTGRES_USER: 'tally_admin',
    })
    const { text } = await run(profileExplain, ['tally'], { here, options: { release: 'prod' } })
    expect(text).toMatch(/✖ ledger database: the values say tally, .* says books/)
  })

  test('nothing secret of values and cluster is printed', async () => {
    const here = world()
    seedData(here.cluster, 'Secret', 'prod-postgresql', {
      password: Buffer.from('canary-77@#').toString('base64'),
      'postgres-password': 'eA==',
    })
    const { text } = await run(profileExplain, ['tally'], { here, json: true, options: { release: 'prod' } })
    expect(text).not.toMatch(/canary|Y2FuYXJ5/)
  })

  test.each<[what: string, options: Options, code: string]>([
    ['no release', {}, 'usage'],
    ['a release that is not there', { release: 'none' }, 'release-not-found'],
    ['values without a chart', { release: 'prod', values: ['./values.yaml'] }, 'usage'],
  ])('%s is refused', async (_, options, code) => {
    const here = world()
    if (options['release'] === 'none') here.history.splice(0)
    expect(await codeOf(profileExplain, ['tally'], { here, options })).toBe(code)
  })

  test('a release of another product is refused', async () => {
    expect(await codeOf(profileExplain, ['carto'], { options: { release: 'prod' } })).toBe('product-unknown')
  })
})
