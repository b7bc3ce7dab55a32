// Somebody with few rights: a ServiceAccount that may do what some roles say and nothing else, and the kubeconfig to be it.
import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import type { ResourceObject } from '../../src/core/resources.ts'
import { run } from '../cluster/run.ts'

export interface Admin {
  kubectl: string
  kubeconfig: string
}

export interface Person {
  kubeconfig: string
  /** Gives other rights from now on. */
  mayDo(roles: readonly ResourceObject[]): Promise<void>
}

/** `roles` as `pawl guard rbac` prints them; their names get the person's behind them, since some belong to the cluster. */
export async function personWith(
  admin: Admin,
  namespace: string,
  name: string,
  roles: readonly ResourceObject[],
): Promise<Person> {
  const asAdmin = async (args: string[], input?: string): Promise<string> => await kubectl(admin, args, input)
  const mayDo = async (given: readonly ResourceObject[]): Promise<void> => {
    const objects = given.flatMap((role) => withBinding(role, `${namespace}-${name}`, namespace, name))
    await asAdmin(['apply', '-f', '-'], JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }))
  }
  await asAdmin(['create', 'serviceaccount', name, '-n', namespace])
  await mayDo(roles)
  const token = (await asAdmin(['create', 'token', name, '-n', namespace, '--duration=2h'])).trim()
  const config = parse(await readFile(admin.kubeconfig, 'utf8')) as {
    clusters: { name: string }[]
    contexts: { name: string; context: { cluster: string; user: string } }[]
    'current-context': string
    users: unknown[]
  }
  const current = config.contexts.find((context) => context.name === config['current-context'])
  if (current === undefined) throw new Error(`${admin.kubeconfig} has no current context`)
  const kubeconfig = join(await mkdtemp(join(tmpdir(), 'pawl-person-')), 'kubeconfig')
  const own = {
    ...config,
    contexts: [{ ...current, context: { ...current.context, user: name, namespace } }],
    users: [{ name, user: { token } }],
  }
  await writeFile(kubeconfig, stringify(own), { mode: 0o600 })
  return { kubeconfig, mayDo }
}

function withBinding(role: ResourceObject, suffix: string, namespace: string, account: string): object[] {
  const { apiVersion, kind, metadata } = role
  const name = `${metadata.name}-${suffix}`
  const labels = { 'pawl.dev/test': 'true' }
  const own = kind === 'Role' ? { namespace } : {}
  return [
    { ...role, metadata: { ...metadata, name, labels } },
    {
      apiVersion,
      kind: `${kind}Binding`,
      metadata: { name, labels, ...own },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind, name },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace }],
    },
  ]
}

/** Takes away what was given in the cluster; what was given in a namespace goes with it. */
export async function takeBack(admin: Admin, namespace: string): Promise<void> {
  const kinds = 'clusterrole,clusterrolebinding'
  const names = await kubectl(admin, ['get', kinds, '-l', 'pawl.dev/test=true', '-o', 'name'])
  const mine = names.split('\n').filter((line) => line.includes(`-${namespace}-`))
  if (mine.length > 0) await kubectl(admin, ['delete', ...mine])
}

async function kubectl(admin: Admin, args: string[], input?: string): Promise<string> {
  return await run(admin.kubectl, args, {
    env: { ...process.env, KUBECONFIG: admin.kubeconfig },
    ...(input === undefined ? {} : { input }),
  })
}
