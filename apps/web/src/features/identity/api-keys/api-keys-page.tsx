import { Button } from '@parley/ui'
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { SettingsHead } from '../../shell/settings-page.tsx'
import { useTitle } from '../../shell/use-title.ts'
import { useMe } from '../me.ts'
import { KeyList } from './key-list.tsx'

export function ApiKeysPage() {
  useTitle('API keys')
  const me = useMe()
  const [making, setMaking] = useState(false)
  if (!me) return null
  return (
    <>
      <SettingsHead
        title="API keys"
        action={
          <Button variant="primary" onClick={() => setMaking(true)}>
            <Plus aria-hidden="true" /> New key
          </Button>
        }
      >
        Keys let programs act as you, within the limits you give them.
      </SettingsHead>
      <KeyList
        possible={me.scopes}
        making={making}
        onMakingEnd={() => setMaking(false)}
        empty="Make one to call Parley from a script, an app or an SDK."
      />
    </>
  )
}
