-- When a site was taken away, 0 for those that are there: it may come back with
-- its secrets and counts. See captcha.SiteBin.
ALTER TABLE captcha_sites ADD COLUMN retired INTEGER NOT NULL DEFAULT 0;
