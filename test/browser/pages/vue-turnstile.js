import { createApp, h } from 'vue';
import VueTurnstile from 'vue-turnstile';

import { sitekey, say } from './page';

createApp({
  render: () =>
    h('main', [
      h(VueTurnstile, {
        siteKey: sitekey, modelValue: '', language: 'en', action: 'login',
        'onUpdate:modelValue': (token) => say('model', token),
        onError: (code) => say('error', code),
      }),
    ]),
}).mount('#root');
