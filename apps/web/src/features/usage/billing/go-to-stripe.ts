import { useToast } from '@parley/ui'
import { useMutation } from '@tanstack/react-query'
import { useEffect } from 'react'
import { parley } from '../../../parley.ts'
import { explainError } from '../../shell/explain-error.ts'

/** Leaves for a page of Stripe's; the button goes on turning until the browser is there. */
function useLeave<Choice>(open: (choice: Choice) => Promise<{ url: string }>) {
  const toast = useToast()
  const leaving = useMutation({
    mutationFn: async (choice: Choice) => {
      const { url } = await open(choice)
      window.location.assign(url)
      await new Promise(() => undefined)
    },
    onError: (error) => toast({ message: explainError(error), tone: 'danger' }),
  })
  const { reset } = leaving
  useEffect(() => {
    // Whoever comes back by the browser's own button finds the page as it was left.
    const onShow = (event: PageTransitionEvent) => event.persisted && reset()
    window.addEventListener('pageshow', onShow)
    return () => window.removeEventListener('pageshow', onShow)
  }, [reset])
  return leaving
}

export const useCheckout = () =>
  useLeave((choice: { planId: string; interval: 'month' | 'year' }) => parley.billing.checkout(choice))

export const usePortal = () => useLeave(() => parley.billing.portal())
