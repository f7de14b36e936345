module coracle.test/library

go 1.26.0
