-- When a site was taken away, null for those that are there: it may come back
-- with its secrets and counts. See captcha.SiteBin.
ALTER TABLE daero_captcha_sites ADD COLUMN retired timestamptz;
