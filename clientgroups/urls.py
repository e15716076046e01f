app_name = "clientgroups"
urlpatterns = []
