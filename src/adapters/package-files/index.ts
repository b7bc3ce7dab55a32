// Directories of this machine that packages are read from and put into.
import type { PackageFiles } from '../../ports/packages.ts'
import { beginPartial } from './partial.ts'
import { placeFiles } from './place.ts'
import { readTexts, readZip } from './read.ts'

export function packageFiles(): PackageFiles {
  return {
    read: readTexts,
    readZip,
    // Only a package that has arrived needs the unpacker.
    unpack: async (zip, expected) => (await import('./unpack.ts')).unpack(zip, expected),
    begin: beginPartial,
    place: placeFiles,
  }
}
