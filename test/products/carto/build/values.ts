// The default values of a release: those that all share (chart/values.yaml), and a section for each component it has.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { componentsOf, SECRET_VARIABLES, type Component } from './components.ts'
import { cartoDirectory, type Traits } from './releases.ts'

const SMALL = { requests: { cpu: '5m', memory: '24Mi' }, limits: { cpu: '1', memory: '256Mi' } }
const REGISTRY = 'gcr.io/carto-onprem-artifacts'

type Values = Record<string, unknown>

export function image(repository: string): Values {
  return { registry: REGISTRY, repository, tag: '', pullPolicy: 'IfNotPresent' }
}

function sectionOf(component: Component): Values {
  return {
    image: image(component.image),
    replicaCount: component.replicas,
    autoscaling: { enabled: false, minReplicas: 1, maxReplicas: 3, targetCPU: 75 },
    resources: SMALL,
    terminationGracePeriodSeconds: component.part === 'importer' ? 3600 : 30,
    extraEnvVars: [],
    extraEnvVarsCM: '',
    extraEnvVarsSecret: '',
    existingConfigMap: '',
    existingSecret: '',
    podAnnotations: {},
  }
}

/** A secret may be given as such, or by the name of one that exists. */
function secretsIn(group: string): Values {
  const names = Object.values(SECRET_VARIABLES).filter((path) => path.startsWith(`${group}.`))
  const given = { value: '', existingSecret: { name: '', key: '' } }
  return Object.fromEntries(names.map((path) => [path.slice(group.length + 1), given]))
}

export function valuesOf(traits: Traits): Values {
  const common = parse(readFileSync(join(cartoDirectory, 'chart', 'values.yaml'), 'utf8')) as Record<string, Values>
  const { ai, cache } = traits
  return {
    ...common,
    cartoSecrets: { ...secretsIn('cartoSecrets'), ...common['cartoSecrets'] },
    appSecrets: secretsIn('appSecrets'),
    externalPostgresql: { ...common['externalPostgresql'], [ai.databaseKey]: ai.database },
    internalRedis: { enabled: true, image: image(cache), auth: { password: '' }, resources: SMALL },
    workspaceMigrations: { image: image('workspace-db'), command: [], args: [], resources: SMALL },
    upgradeCheck: { enabled: true, image: image('router/router-http'), resources: SMALL },
    ...Object.fromEntries(componentsOf(traits).map((component) => [component.section, sectionOf(component)])),
  }
}
