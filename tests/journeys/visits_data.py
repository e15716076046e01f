NO_PAGE = {}
VISITS = []
