module github.com/stiffnode/stiffnode

go 1.26
