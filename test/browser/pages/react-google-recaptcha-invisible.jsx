import { createRef } from 'react';
import { createRoot } from 'react-dom/client';
import ReCAPTCHA from 'react-google-recaptcha';

import { sitekey, say } from './page';

function Page() {
  const box = createRef();
  return (
    <main>
      <ReCAPTCHA ref={box} sitekey={sitekey} size="invisible" badge="inline" onChange={(token) => say('change', token)} />
      <button onClick={() => box.current.executeAsync().then((token) => say('executed', token))}>Send</button>
    </main>
  );
}
createRoot(document.getElementById('root')).render(<Page />);
