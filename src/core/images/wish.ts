// Images of the release in a backup set: what is asked for, and how the registries are reached.
import type { SecretRef } from '../data/tasks.ts'
import type { Platforms } from './oci.ts'

/** How registries are reached; where nothing else is said as by nodes: HTTPS, and the usual authorities. */
export interface RegistryOptions {
  /** Secret with a Docker configuration, where the pull secrets of the release do not do. */
  login?: string
  /** Secret with `ca.crt`: authorities that are trusted beside the usual ones. */
  ca?: string
  /** As a URL without credentials. */
  proxy?: string
  /** Hosts (with port) that are asked without encryption; those on loopback are in any case. */
  plainHttp?: string[]
}

export interface ImagesWish extends RegistryOptions {
  platforms: Platforms
}

/** As a data task is told. */
export interface RegistryReach extends Pick<RegistryOptions, 'ca' | 'proxy' | 'plainHttp'> {
  /** Docker configurations, in the order in which they are looked into. */
  logins: SecretRef[]
}

/** An image that the release runs, or would. */
export interface ReleaseImage {
  /** As the manifest names it. */
  image: string
  /** What the kubelet reported as the `imageID` of its container; absent where no pod ran it. */
  digest?: string
  /** Digests that other running pods report for the same name: its tag was moved while they were started. */
  others?: string[]
}

/** As the manifest of a set names it. */
export interface KeptImage {
  image: string
  /** What ran, or what the name led to when the set was taken. */
  digest: string
  /** Digest of what is kept of it, and what a registry gets: the same, unless it is of fewer platforms. */
  kept: string
  /** Those that are kept; empty where the image does not say. */
  platforms: string[]
  /** Digests of what other running pods had under that name, of which nothing is kept. */
  others?: string[]
}

/** As options of the command line. */
export function imagesArguments({ platforms, login, ca, proxy, plainHttp = [] }: ImagesWish): string[] {
  return [
    '--images',
    platforms === 'all' ? platforms : platforms.join(','),
    ...(login === undefined ? [] : ['--registry-login', login]),
    ...(ca === undefined ? [] : ['--registry-ca', ca]),
    ...(proxy === undefined ? [] : ['--registry-proxy', proxy]),
    ...plainHttp.flatMap((host) => ['--registry-http', host]),
  ]
}
