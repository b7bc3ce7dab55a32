// Brings one package here: resumed where a connection was cut, checked against the store and against what is installed, then put in place.
import { isNamedOlder, objectionsTo, refuseObjections } from '../../core/package/accept.ts'
import { choosePackage, type ListedPackage } from '../../core/package/choose.ts'
import { readContents, type PackageContents } from '../../core/package/contents.ts'
import { fileNameOf, folderNameOf } from '../../core/package/name.ts'
import { LARGEST_ZIP } from '../../core/package/limits.ts'
import { readVersion } from '../../core/versions/version.ts'
import { isPawlError, PawlError } from '../../core/errors.ts'
import type { PackageFiles, Packages, PartialDownload, PlacedFile } from '../../ports/packages.ts'
import type { Clock } from '../../ports/world.ts'
import { acceptanceOf, listPackages, openPackages, type PackageDeps, type PackageSource } from './source.ts'

export interface DownloadDeps extends PackageDeps {
  files: PackageFiles
  clock: Clock
}

export interface DownloadRequest {
  source: PackageSource
  /** As it was typed; the newest where absent. */
  version?: string
  /** Where it goes; a directory of its own under `under` where absent. */
  to?: string
  under: string
  zipOnly: boolean
  /** Stops after everything was checked: nothing is put in place. */
  dryRun: boolean
  signal?: AbortSignal
}

export interface Downloaded {
  package: ListedPackage
  where: string
  directory: string
  /** Empty for a dry run. */
  files: PlacedFile[]
  contents: PackageContents
  ignored: string[]
}

export async function downloadPackage(deps: DownloadDeps, request: DownloadRequest): Promise<Downloaded> {
  const { source, signal } = request
  const packages = await openPackages(deps, source)
  const listing = await listPackages(deps, packages, source, signal)
  const chosen = choosePackage(listing, request.version, deps.profile.versionScheme)
  refuseOlder(deps, source, chosen)
  refuseSize(chosen)
  const fileName = fileNameOf(chosen.name)
  const directory = request.to ?? joined(request.under, folderNameOf(chosen.name))
  const partial = await deps.files.begin(directory, fileName, chosen)
  try {
    await receive(deps, packages, chosen, partial, signal)
    const zip = partial.bytes
    await packages.check(chosen, zip)
    const { contents, entries } = await openZip(deps, source, zip)
    const objections = objectionsTo(contents, chosen.version, source.installed, acceptanceOf(deps.profile, source))
    refuseObjections(objections, fileName)
    const wanted = { [fileName]: zip, ...(request.zipOnly ? {} : entries) }
    const files = request.dryRun ? [] : await deps.files.place(directory, wanted, deps.clock.now())
    await partial.discard()
    return { package: chosen, where: packages.where, directory, files, contents, ignored: listing.ignored }
  } catch (error) {
    // What was cut can be gone on with; what is wrong as a whole is never looked at again.
    if (isPawlError(error, 'package-unreachable') || signal?.aborted === true) await partial.close()
    else await partial.discard()
    throw error
  }
}

/** The newest package, or the one that is named, read in memory: nothing is written. */
export async function peekPackage(
  deps: DownloadDeps,
  source: PackageSource,
  version: string | undefined,
  signal?: AbortSignal,
): Promise<{ package: ListedPackage; zip: Uint8Array }> {
  const packages = await openPackages(deps, source)
  const listing = await listPackages(deps, packages, source, signal)
  const chosen = choosePackage(listing, version, deps.profile.versionScheme)
  refuseSize(chosen)
  const whole = new Uint8Array(chosen.sizeBytes)
  let received = 0
  const inMemory = {
    get bytes() {
      return whole.subarray(0, received)
    },
    append: (chunk: Uint8Array) => {
      whole.set(chunk, received)
      received += chunk.length
      return Promise.resolve()
    },
  }
  await receive(deps, packages, chosen, inMemory, signal)
  await packages.check(chosen, whole)
  return { package: chosen, zip: whole }
}

/** The files of a package and what they say. Throws `package-damaged`, or `input-invalid` for files that are none of a package. */
export async function openZip(
  { files, parseYaml }: Pick<DownloadDeps, 'files' | 'parseYaml'>,
  { form }: Pick<PackageSource, 'form'>,
  zip: Uint8Array,
): Promise<{ contents: PackageContents; entries: Record<string, Uint8Array> }> {
  const { files: entries, skipped } = await files.unpack(
    zip,
    form.files.map(({ name }) => name),
  )
  const texts = Object.fromEntries(
    Object.entries(entries).map(([name, bytes]) => [name, new TextDecoder().decode(bytes)]),
  )
  const contents = readContents(form, texts, { parseYaml })
  const left = skipped.map((name) => `${name} in the zip is no file of a package: it was not unpacked`)
  return { contents: { ...contents, warnings: [...contents.warnings, ...left] }, entries }
}

/** Before a byte of it is asked for, and so by its name. */
function refuseOlder(
  { profile }: PackageDeps,
  { origin, installedVersion }: PackageSource,
  chosen: ListedPackage,
): void {
  const installed = readVersion(installedVersion, profile.versionScheme)
  if (installed === undefined || !isNamedOlder(chosen.version, installed)) return
  refuseObjections(
    [`it is of version ${chosen.version.text}, ${origin} has ${installedVersion}`],
    fileNameOf(chosen.name),
  )
}

/** What a store says of the size is enough to leave it there. */
function refuseSize({ name, sizeBytes }: ListedPackage): void {
  if (sizeBytes > 0 && sizeBytes <= LARGEST_ZIP) return
  throw new PawlError({
    code: 'package-damaged',
    message: `${fileNameOf(name)} has ${sizeBytes} bytes, which is no package`,
    unchanged: 'Nothing was downloaded.',
  })
}

const ATTEMPTS = 5
const FIRST_WAIT_MS = 300

async function receive(
  { clock }: Pick<DownloadDeps, 'clock'>,
  packages: Packages,
  chosen: ListedPackage,
  partial: Pick<PartialDownload, 'bytes' | 'append'>,
  signal?: AbortSignal,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      for await (const chunk of packages.download(chosen, partial.bytes.length, signal)) {
        if (partial.bytes.length + chunk.length > chosen.sizeBytes) throw tooLong(chosen)
        await partial.append(chunk)
      }
      if (partial.bytes.length >= chosen.sizeBytes) return
      throw cut(chosen, partial.bytes.length)
    } catch (error) {
      if (attempt >= ATTEMPTS || !isPawlError(error, 'package-unreachable')) throw error
      await clock.sleep(FIRST_WAIT_MS * 2 ** (attempt - 1), signal)
    }
  }
}

function cut({ name, sizeBytes }: ListedPackage, received: number): PawlError {
  return new PawlError({
    code: 'package-unreachable',
    message: `the connection ended after ${received} of the ${sizeBytes} bytes of ${fileNameOf(name)}`,
    unchanged: 'Nothing was put in place.',
  })
}

function tooLong({ name, sizeBytes }: ListedPackage): PawlError {
  return new PawlError({
    code: 'package-damaged',
    message: `more arrives for ${fileNameOf(name)} than the ${sizeBytes} bytes the store names`,
    unchanged: 'Nothing was put in place.',
  })
}

function joined(directory: string, name: string): string {
  return directory.endsWith('/') ? `${directory}${name}` : `${directory}/${name}`
}
