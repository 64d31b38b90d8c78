import { type QueryClient, useQuery } from '@tanstack/react-query'
import { parley } from '../../../parley.ts'

export const signInProvidersKey = ['sign-in-providers']
export const signInSettingsKey = ['sign-in-settings']

export function useSignInSettings(enabled: boolean) {
  return useQuery({
    queryKey: signInSettingsKey,
    queryFn: ({ signal }) => parley.signIn.settings({ signal }),
    enabled,
  })
}

/** Everything that is shown of how people sign in is asked for anew. */
export async function refreshSignIn(client: QueryClient): Promise<void> {
  await Promise.all(
    [signInProvidersKey, signInSettingsKey, ['sign-in-options']].map((queryKey) =>
      client.invalidateQueries({ queryKey }),
    ),
  )
}
