// Which kind of chart source an address means.
import { stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { PawlError } from '../../core/errors.ts'
import type { Charts } from '../../ports/charts.ts'
import { chartDirectory, chartFile } from './directory.ts'
import { chartsInRegistry, type OciOptions } from './oci.ts'
import { chartRepository, type RepositoryOptions } from './repository.ts'

/**
 * A directory of archives, one archive (`.tgz`), the `http(s)://` address of a chart repository, with `user:password@`
 * where it wants one, or the `oci://` address charts were pushed to. Throws `store-unreadable` where there is nothing,
 * `input-invalid` for what is none of these.
 */
export async function chartsAt(where: string, options: RepositoryOptions & OciOptions = {}): Promise<Charts> {
  if (/^https?:\/\//.test(where)) {
    if (URL.canParse(where)) return chartRepository(where, options)
    throw new PawlError({ code: 'input-invalid', message: 'The address of the chart repository is not a URL.' })
  }
  if (where.startsWith('oci://')) return chartsInRegistry(where, options)
  const path = resolve(where)
  const found = await stat(path).catch((cause: unknown) => {
    throw new PawlError({
      code: 'store-unreadable',
      message: `Charts cannot be read from ${path}: there is no such file or directory.`,
      cause,
    })
  })
  if (!found.isDirectory()) return chartFile(path)
  if (await exists(join(path, 'Chart.yaml'))) {
    throw new PawlError({
      code: 'input-invalid',
      message: `${path} is an unpacked chart; Pawl takes archives, whose digest can be checked.`,
      hint: `Pack it with "helm package ${path}" and name the archive.`,
    })
  }
  return chartDirectory(path)
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  )
}
