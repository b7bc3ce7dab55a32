// Tasks that have to do with the images of a release in a set; part of the language of tasks.ts.
import type { KeptImage, RegistryReach, ReleaseImage } from '../images/wish.ts'
import type { Platforms } from '../images/oci.ts'
import type { StoreSpec } from '../store/spec.ts'
import type { Effort } from './effort.ts'
import type { SecretRef } from './tasks.ts'

/** What a backup is to keep of them. */
export interface WantedImages {
  of: ReleaseImage[]
  platforms: Platforms
  reach: RegistryReach
}

type FromSet = { store: StoreSpec; set: string; identity: SecretRef } & Pick<Effort, 'maxRate'>

export type ImagesTask =
  /** Writes them as an OCI image layout, which every tool reads. */
  | ({ kind: 'take-images'; to: StoreSpec } & FromSet)
  /** Puts them into a registry, below a path of it, each under its own path and tag. */
  | ({ kind: 'push-images'; registry: { host: string; path: string }; reach: RegistryReach } & FromSet)

export interface TakenImage extends KeptImage {
  /** Its name in the layout, or in the registry. */
  as: string
}

export interface ImagesResults {
  /** `made`: how many files or blobs were not there yet. */
  'take-images': { images: TakenImage[]; made: number; bytes: number }
  'push-images': { images: TakenImage[]; made: number; bytes: number }
}
