// Credentials as Azure's users expect them without a Secret: workload identity, variables, managed identity, `az login`. In a file of
// its own, because the library behind it is as large as the rest together and a key needs none of it.
import { DefaultAzureCredential } from '@azure/identity'

export function environmentCredential(): DefaultAzureCredential {
  return new DefaultAzureCredential()
}
