package main

import "github.com/daero/daero/captcha"

// sourcesOf are the questions, told on.
func sourcesOf(*answers) (map[captcha.Mode]captcha.Source, error) { return nil, nil }
