import { expect, test } from 'vitest'
import type { ImagesWish } from '../../core/images/wish.ts'
import type { KubeObject } from '../../ports/cluster.ts'
import { FakeCluster } from '../../testing/cluster/fake-cluster.ts'
import { releaseFilesSecret, runId } from '../names.ts'
import { writeFiles } from '../release/files.ts'
import type { StepContext } from '../step.ts'
import { wantedImages } from './images.ts'

const SPEC = {
  imagePullSecrets: [{ name: 'gone' }, { name: 'vendor' }, { name: 'old' }, { name: 'opaque' }],
  containers: [{ name: 'api', image: 'vendor/api:1' }],
}
const FACTS = {
  version: 1,
  product: {},
  revision: 1,
  targets: [{}],
  images: [{ image: 'vendor/api:1', digest: 'x' }],
  installation: { profile: 'toy' },
}

function secretOf(name: string, type: string, key: string): KubeObject {
  return { apiVersion: 'v1', kind: 'Secret', type, metadata: { name, namespace: 'toys' }, data: { [key]: 'e30=' } }
}

async function wanted(wish: ImagesWish) {
  const cluster = new FakeCluster({ namespace: 'toys' })
  cluster.seed(secretOf('vendor', 'kubernetes.io/dockerconfigjson', '.dockerconfigjson'))
  cluster.seed(secretOf('old', 'kubernetes.io/dockercfg', '.dockercfg'))
  cluster.seed(secretOf('opaque', 'Opaque', '.dockerconfigjson'))
  cluster.seed(secretOf('mine', 'kubernetes.io/dockerconfigjson', '.dockerconfigjson'))
  const context = {
    cluster,
    namespace: 'toys',
    release: 'toy',
    run: 'toy-1',
    parseYaml: (text: string) => [JSON.parse(text) as unknown],
  } as unknown as StepContext
  const manifest = { apiVersion: 'apps/v1', kind: 'Deployment', spec: { template: { spec: SPEC } } }
  const files = {
    'manifest.yaml': Buffer.from(JSON.stringify(manifest)),
    'set.json': Buffer.from(JSON.stringify(FACTS)),
  }
  await writeFiles(cluster, { namespace: 'toys', name: releaseFilesSecret(runId('toy-1', 'toy')), labels: {} }, files)
  return await wantedImages(context, wish)
}

test('the images that were captured, and the logins there are: the named one first', async () => {
  expect(await wanted({ platforms: ['linux/amd64'], login: 'mine', ca: 'company' })).toEqual({
    of: FACTS.images,
    platforms: ['linux/amd64'],
    reach: {
      logins: [
        { secret: 'mine', key: '.dockerconfigjson' },
        { secret: 'old', key: '.dockercfg' },
        { secret: 'vendor', key: '.dockerconfigjson' },
      ],
      ca: 'company',
    },
  })
})

test.each(['gone', 'opaque'])('a login that was named and is none is refused: %s', async (login) => {
  await expect(wanted({ platforms: 'all', login })).rejects.toMatchObject({ code: 'input-invalid' })
})
