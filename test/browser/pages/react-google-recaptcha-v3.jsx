import { createRoot } from 'react-dom/client';
import { GoogleReCaptchaProvider, useGoogleReCaptcha } from 'react-google-recaptcha-v3';

import { sitekey, say } from './page';

function Form() {
  const { executeRecaptcha } = useGoogleReCaptcha();
  return (
    <button disabled={!executeRecaptcha} onClick={() => executeRecaptcha('checkout').then((token) => say('executed', token))}>
      Send
    </button>
  );
}
createRoot(document.getElementById('root')).render(
  <main>
    <GoogleReCaptchaProvider reCaptchaKey={sitekey} language="en">
      <Form />
    </GoogleReCaptchaProvider>
  </main>,
);
