// How CARTO's chart names what it makes (bitnami's common 1.17.1, _helpers.tpl of charts up to 1.287.1).
import {
  bitnamiDependency,
  bitnamiFullname,
  chartAtLeast,
  choose,
  kubeName,
  orElse,
} from '../../core/profile/celtext.ts'
import type { Cel } from '../../core/profile/profile.ts'
import { INTERNAL_NAME } from '../postgresql.ts'

export const FULLNAME = bitnamiFullname()

/** CEL string: the Deployment, Service, ConfigMap and Secret of one component. */
export function component(name: string): Cel {
  return kubeName(`${FULLNAME} + '-${name}'`)
}

/** CEL string: the ConfigMap that a component takes its variables from. */
export function configMapOf(section: string, name: string): Cel {
  return orElse(`values.${section}.existingConfigMap`, component(name))
}

const CACHE = 'values.internalRedis'

/** Valkey took the place of Redis in chart 1.251.6; the section of the values kept its name. */
const cache = choose(chartAtLeast('1.251.6'), bitnamiDependency('valkey', CACHE), bitnamiDependency('redis', CACHE))

/** Not cut at 63 characters, as other names are. */
export const EXTERNAL_POSTGRESQL = "release.name + '-externalpostgresql'"

/** Dependencies follow a rule of their own, without `-carto`; some objects hang on the release's name alone. */
export const NAMES: Record<string, Cel> = {
  postgresql: INTERNAL_NAME,
  cache,
  externalPostgresql: EXTERNAL_POSTGRESQL,
  externalCache: "release.name + '-externalredis'",
  versionHook: "release.name + '-pre-install'",
  preflightConfig: "release.name + '-preflight-config'",
  supportBundle: "release.name + '-support-bundle'",
  trustedCaCerts: "release.name + '-trusted-ca-certs'",
  tls: component('tls'),
}
