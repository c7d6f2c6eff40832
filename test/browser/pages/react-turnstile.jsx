import { Turnstile } from '@marsidev/react-turnstile';
import { useRef } from 'react';
import { createRoot } from 'react-dom/client';

import { sitekey, say } from './page';

function Page() {
  const box = useRef();
  return (
    <form method="post" action="/submit">
      <Turnstile
        ref={box} siteKey={sitekey}
        options={{ action: 'sign-up', cData: 'order 7', language: 'en', refreshExpired: 'manual' }}
        onWidgetLoad={(id) => say('loaded', typeof id)}
        onSuccess={(token) => say('success', token)}
        onExpire={() => say('expire')}
        onError={(code) => say('error', code)}
      />
      <button type="button" onClick={() => say('response', box.current.getResponse(), box.current.isExpired())}>Response</button>
      <button type="button" onClick={() => box.current.reset()}>Reset</button>
      <button type="button" onClick={() => box.current.remove()}>Remove</button>
      <button>Send</button>
    </form>
  );
}
createRoot(document.getElementById('root')).render(<Page />);
