export interface ProviderPreset {
  id: string
  name: string
  protocol: 'openai' | 'anthropic'
  baseUrl: string
  needsKey: boolean
  hint: string
}

/** What people connect most, with the address and what is needed filled in. */
export const providerPresets: readonly ProviderPreset[] = [
  {
    id: 'openai',
    name: 'OpenAI',
    protocol: 'openai',
    baseUrl: 'https://api.openai.com/v1',
    needsKey: true,
    hint: 'A key from your OpenAI account.',
  },
  {
    id: 'anthropic',
    name: 'Anthropic',
    protocol: 'anthropic',
    baseUrl: 'https://api.anthropic.com',
    needsKey: true,
    hint: 'A key from your Anthropic account.',
  },
  {
    id: 'ollama',
    name: 'Ollama',
    protocol: 'openai',
    baseUrl: 'http://localhost:11434/v1',
    needsKey: false,
    hint: 'Models on your own machine. The operator has to permit private addresses (PARLEY_EGRESS_ALLOW).',
  },
  {
    id: 'vllm',
    name: 'vLLM',
    protocol: 'openai',
    baseUrl: 'http://localhost:8000/v1',
    needsKey: false,
    hint: 'Your own inference server. The operator has to permit private addresses (PARLEY_EGRESS_ALLOW).',
  },
  {
    id: 'lm-studio',
    name: 'LM Studio',
    protocol: 'openai',
    baseUrl: 'http://localhost:1234/v1',
    needsKey: false,
    hint: 'Start its local server first. The operator has to permit private addresses (PARLEY_EGRESS_ALLOW).',
  },
  {
    id: 'groq',
    name: 'Groq',
    protocol: 'openai',
    baseUrl: 'https://api.groq.com/openai/v1',
    needsKey: true,
    hint: 'A key from the Groq console.',
  },
  {
    id: 'openrouter',
    name: 'OpenRouter',
    protocol: 'openai',
    baseUrl: 'https://openrouter.ai/api/v1',
    needsKey: true,
    hint: 'One key for the models of many providers.',
  },
  {
    id: 'custom',
    name: 'Custom',
    protocol: 'openai',
    baseUrl: '',
    needsKey: false,
    hint: 'Anything that speaks the OpenAI or the Anthropic protocol.',
  },
]
