// Who has the rights that `pawl guard rbac` prints, and no others, can do what they are for; who has one less is told which.
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { namespaceBindings } from '../../../src/core/guard/bindings.ts'
import type { ResourceObject } from '../../../src/core/resources.ts'
import { ensureCluster } from '../../cluster/index.ts'
import { run } from '../../cluster/run.ts'
import { packCharts, type Charts } from '../../guard/toy.ts'
import { pawlIn, type Said } from '../../support/in-process.ts'
import { personWith, takeBack, type Person } from '../../support/rights.ts'

const NAMESPACE = 'guard-rights'
const where = ['toy', '-n', NAMESPACE]
let cluster: Awaited<ReturnType<typeof ensureCluster>>
let charts: Charts
let home: string

const admin = async (program: 'kubectl' | 'helm', args: string[]): Promise<string> =>
  await run(cluster[program], args, { env: { ...process.env, KUBECONFIG: cluster.kubeconfig } })

async function as(person: Person | undefined, ...argv: string[]): Promise<Said> {
  return await pawlIn(home, '2026-11-23', [...argv, '--kubeconfig', person?.kubeconfig ?? cluster.kubeconfig])
}

async function good(person: Person, ...argv: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await as(person, ...argv)
  expect(exitCode, `pawl ${argv.join(' ')}: ${stdout}${stderr}`).toBe(0)
  return stdout
}

/** As they are printed. */
async function printed(persona: string): Promise<ResourceObject[]> {
  const { stdout } = await as(undefined, 'guard', 'rbac', persona, '-n', NAMESPACE)
  return parseAllDocuments(stdout).map((document) => document.toJS() as ResourceObject)
}

async function person(name: string, roles: readonly ResourceObject[]): Promise<Person> {
  return await personWith(cluster, NAMESPACE, name, roles)
}

/** The same roles, except that they do not let `verb` be done to `resource`. */
function without(roles: readonly ResourceObject[], verb: string, resource: string): ResourceObject[] {
  return roles.map((role) => ({
    ...role,
    rules: (role['rules'] as { resources: string[]; verbs: string[] }[])
      .flatMap((rule) =>
        rule.resources.map((one) => ({
          ...rule,
          resources: [one],
          verbs: rule.verbs.filter((name) => one !== resource || name !== verb),
        })),
      )
      .filter(({ verbs }) => verbs.length > 0),
  }))
}

beforeAll(async () => {
  cluster = await ensureCluster()
  home = await mkdtemp(join(tmpdir(), 'pawl-rights-'))
  charts = await packCharts(cluster.helm)
  await clear()
  await admin('kubectl', ['create', 'namespace', NAMESPACE])
  await admin('helm', ['install', 'toy', charts.of('now'), '-n', NAMESPACE])
})

afterAll(clear)

/** With what is bound to the namespace, which goes only some time after it. */
async function clear(): Promise<void> {
  await admin('kubectl', ['delete', 'namespace', NAMESPACE, '--ignore-not-found', '--timeout=60s'])
  const bindings = namespaceBindings({ name: NAMESPACE }).map(({ metadata }) => metadata.name)
  await admin('kubectl', ['delete', 'validatingadmissionpolicybindings', ...bindings, '--ignore-not-found'])
  await takeBack(cluster, NAMESPACE)
}

describe('who installs', () => {
  let installer: Person
  beforeAll(async () => {
    installer = await person('installer', await printed('installing'))
  })

  test('puts the guard in, asks it, and takes it out', async () => {
    await good(installer, 'guard', 'install', ...where)
    expect(await good(installer, 'guard', 'status', ...where)).toContain('in force')
    await good(installer, 'guard', 'uninstall', ...where, '--yes')
    await good(installer, 'guard', 'install', ...where)
  })

  test.each([
    ['create', 'validatingadmissionpolicybindings'],
    ['create', 'releaseguards'],
    ['list', 'secrets'],
    ['create', 'secrets'],
    ['create', 'configmaps'],
  ])('who may not %s %s is told so, and no guard is left that does not hold', async (verb, resource) => {
    await good(installer, 'guard', 'uninstall', ...where, '--yes')
    await installer.mayDo(without(await printed('installing'), verb, resource))
    const { exitCode, stderr } = await as(installer, 'guard', 'install', ...where)
    await installer.mayDo(await printed('installing'))
    expect(exitCode).not.toBe(0)
    expect(stderr).toContain(`Not allowed to ${verb} ${resource}`)
    expect(await admin('kubectl', ['get', 'releaseguards', '-n', NAMESPACE, '-o', 'name'])).toBe('')
    await good(installer, 'guard', 'install', ...where)
  })
})

describe('who operates, in the namespace alone, once an administrator has put in what belongs to the cluster', () => {
  let operator: Person
  beforeAll(async () => {
    // What they print themselves; the guard itself is theirs.
    operator = await person(
      'operator',
      (await printed('operating')).filter(({ kind }) => kind === 'Role'),
    )
    const asked = await good(operator, 'init', ...where, '--print')
    const parts = parseAllDocuments(asked).map((document) => document.toJS() as ResourceObject)
    const ofTheCluster = parts.filter(({ kind }) => kind !== 'ReleaseGuard')
    expect(parts.length).toBe(ofTheCluster.length + 1)
    await run(cluster.kubectl, ['apply', '--server-side', '--force-conflicts', '-f', '-'], {
      env: { ...process.env, KUBECONFIG: cluster.kubeconfig },
      input: JSON.stringify({ apiVersion: 'v1', kind: 'List', items: ofTheCluster }),
    })
  })

  test('sets up, looks, opens and closes', async () => {
    await good(operator, 'init', ...where, '--profile', 'tally')
    await good(operator, 'status', ...where)
    await good(operator, 'guard', 'status', ...where)
    await good(operator, 'guard', 'probe', ...where)
    await good(operator, 'guard', 'open', ...where, '--for', '1m', '--reason', 'test', '--yes')
    await good(operator, 'guard', 'close', ...where)
    await good(operator, 'guard', 'explain', ...where, '--helm', 'helm status toy')
    await good(operator, 'runs', 'list', ...where)
  })

  test('mends the guard itself, whose bindings are not theirs to take away', async () => {
    await good(operator, 'guard', 'install', ...where)
    const { exitCode, stderr } = await as(operator, 'guard', 'uninstall', ...where, '--yes')
    expect(exitCode).toBe(77)
    expect(stderr).toContain('Not allowed to delete validatingadmissionpolicybindings')
    expect(await good(operator, 'guard', 'status', ...where)).toContain('in force')
  })
})

test('who schedules needs to operate as well', async () => {
  const schedule = ['backup', 'schedule', ...where, '--what', 'prove']
  const scheduler = await person('scheduler', await printed('operating'))
  const { exitCode, stderr } = await as(scheduler, ...schedule, '--cron', '0 3 * * *')
  expect(exitCode, stderr).toBe(77)
  expect(stderr).toContain('Not allowed to')
  await scheduler.mayDo(await printed('scheduling'))
  await good(scheduler, ...schedule, '--cron', '0 3 * * *')
  await good(scheduler, ...schedule, '--show')
  await good(scheduler, 'status', ...where)
  await good(scheduler, ...schedule, '--remove')
})

describe('who watches', () => {
  test('sees the guard and the release, and changes nothing', async () => {
    const watcher = await person('watcher', await printed('watching'))
    await good(watcher, 'status', ...where)
    await good(watcher, 'guard', 'status', ...where)
    await good(watcher, 'guard', 'probe', ...where)
    const { exitCode, stderr } = await as(watcher, 'guard', 'open', ...where, '--for', '1m', '--reason', 'x', '--yes')
    expect(exitCode).not.toBe(0)
    expect(stderr).toContain('releaseguards')
  })
})
