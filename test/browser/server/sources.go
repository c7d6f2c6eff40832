package main

import (
	"github.com/daero/daero/captcha"
	"github.com/daero/daero/captcha/audio"
	"github.com/daero/daero/captcha/mapquiz"
)

// maps kept ready per language: a file of tests asks some fifty questions.
const maps = 40

// sourcesOf are the questions that are asked in production, told on.
func sourcesOf(a *answers) (*mapquiz.Source, map[captcha.Mode]captcha.Source, error) {
	city, err := mapquiz.New(mapquiz.Config{Maps: maps})
	if err != nil {
		return nil, nil, err
	}
	return city, map[captcha.Mode]captcha.Source{
		captcha.Click: told{city, a},
		captcha.Text:  told{city, a},
		captcha.Sound: told{audio.Source{}, a},
	}, nil
}
