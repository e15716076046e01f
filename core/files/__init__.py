"""Reading other people's files and writing tables that spreadsheets open without running them."""
