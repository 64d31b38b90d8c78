import { ToastProvider } from '@parley/ui'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { ProofProvider } from './features/identity/security/proof.tsx'
import { Announcements } from './features/shell/announce.tsx'
import { queryClient } from './parley.ts'
import { router } from './router.tsx'
import './styles.css'

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <QueryClientProvider client={queryClient}>
      <ToastProvider>
        <ProofProvider>
          <RouterProvider router={router} />
        </ProofProvider>
        <Announcements />
      </ToastProvider>
    </QueryClientProvider>
  </StrictMode>,
)
